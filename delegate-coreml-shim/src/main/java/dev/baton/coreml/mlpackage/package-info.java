/** What an exported payload holds: a flattened directory, its descriptions, its weights. */
package dev.baton.coreml.mlpackage;
