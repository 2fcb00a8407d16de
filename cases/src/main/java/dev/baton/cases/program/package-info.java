/** Writes small program files, without any code of the reader. */
package dev.baton.cases.program;
