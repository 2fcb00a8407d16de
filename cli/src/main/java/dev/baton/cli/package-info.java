/** The {@code baton} command: one class for each subcommand. */
package dev.baton.cli;
