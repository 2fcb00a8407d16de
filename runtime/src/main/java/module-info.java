/** Runtime of Baton. */
@org.jspecify.annotations.NullMarked
module dev.baton.runtime {
  requires flatbuffers.java;
  requires static org.jspecify;

  exports dev.baton.runtime.program;
}
