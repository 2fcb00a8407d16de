package dev.baton.coreml.ffi;

/** What a model may run on, in the order of the shim's codes. */
public enum ComputeUnits {
  CPU_ONLY,
  CPU_AND_GPU,
  ALL,
  CPU_AND_NE
}
