/**
 * Accessors that flatc generated from ExecuTorch's schema of XNNPACK payloads; they trust the
 * bytes, so these are verified first.
 */
@org.jspecify.annotations.NullUnmarked
package dev.baton.xnnpack.payload.schema;
