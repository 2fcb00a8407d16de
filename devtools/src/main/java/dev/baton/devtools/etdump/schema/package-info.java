/** Accessors that flatc generated from ExecuTorch's schema; they trust the bytes, so these are verified first. */
@org.jspecify.annotations.NullUnmarked
package dev.baton.devtools.etdump.schema;
