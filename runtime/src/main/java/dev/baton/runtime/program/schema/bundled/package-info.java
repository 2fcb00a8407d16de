/** Accessors that flatc generated from ExecuTorch's schemas; they trust the bytes, so these are verified first. */
@org.jspecify.annotations.NullUnmarked
package dev.baton.runtime.program.schema.bundled;
