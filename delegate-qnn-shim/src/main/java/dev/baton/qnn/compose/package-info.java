/** Writes nodes of a program as graphs of the vendor's operators. */
package dev.baton.qnn.compose;
