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
  requires org.eclipse.elk.alg.layered;
  requires org.eclipse.elk.core;
  requires org.eclipse.elk.graph;
  requires org.eclipse.emf.common;

  exports dev.baton.devtools.advice;
  exports dev.baton.devtools.debug;
  exports dev.baton.devtools.etdump;
  exports dev.baton.devtools.etrecord;
  exports dev.baton.devtools.program;
  exports dev.baton.devtools.report;
  exports dev.baton.devtools.view;

  opens dev.baton.devtools.view to
      com.fasterxml.jackson.jr.ob;
}
