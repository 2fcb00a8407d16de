/**
 * Reads XNNPACK payloads and writes them as operators of the vocabulary: pure Java, needs neither
 * XNNPACK nor its processor features.
 */
package dev.baton.xnnpack.payload;
