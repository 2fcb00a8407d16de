/**
 * One report of a model: its graph, who runs what and why, times, memory, errors. {@link
 * dev.baton.devtools.report.ReportBuilder} makes it, {@link dev.baton.devtools.report.ReportJson}
 * keeps it, {@link dev.baton.devtools.report.ReportDifference} compares two.
 */
@NullMarked
package dev.baton.devtools.report;

import org.jspecify.annotations.NullMarked;
