import org.jspecify.annotations.NullMarked;

/** What developers look at models with: profiles, numerical debugging, a viewer. */
@NullMarked
module dev.baton.devtools {
  requires static org.jspecify;
  requires com.fasterxml.jackson.jr.ob;
  requires dev.baton.cases;
  requires dev.baton.format;
  requires transitive dev.baton.runtime;
  requires flatbuffers.java;
  requires io.github.javadiffutils;

  exports dev.baton.devtools.advice;
  exports dev.baton.devtools.etdump;
  exports dev.baton.devtools.etrecord;
  exports dev.baton.devtools.program;
}
