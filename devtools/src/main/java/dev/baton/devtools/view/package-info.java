/**
 * A report of a model as one page of HTML, which needs no network. {@link
 * dev.baton.devtools.view.ReportPage} writes it.
 */
@NullMarked
package dev.baton.devtools.view;

import org.jspecify.annotations.NullMarked;
