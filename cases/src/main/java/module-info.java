import org.jspecify.annotations.NullMarked;

/** Case folders: a program, inputs, and what PyTorch or ExecuTorch answered. */
@NullMarked
module dev.baton.cases {
  requires static org.jspecify;
  requires transitive dev.baton.runtime;
  requires com.fasterxml.jackson.core;
  requires com.fasterxml.jackson.jr.ob;
  requires flatbuffers.java;

  exports dev.baton.cases;
  exports dev.baton.cases.program;
}
