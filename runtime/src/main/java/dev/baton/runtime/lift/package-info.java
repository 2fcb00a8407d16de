/**
 * From a method of a program file to graphs: instructions become nodes of the vocabulary, out
 * arguments and memory positions become values, payloads that describe themselves are written out
 * as operators.
 */
package dev.baton.runtime.lift;
