/** Writes a model's program as operators of the vocabulary. */
package dev.baton.coreml.lift;
