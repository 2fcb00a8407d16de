import org.jspecify.annotations.NullMarked;

/** What developers look at models with: profiles, numerical debugging, a viewer. */
@NullMarked
module dev.baton.devtools {
  requires static org.jspecify;
  requires com.fasterxml.jackson.jr.ob;
  requires dev.baton.cases;
  requires transitive dev.baton.runtime;
  requires io.github.javadiffutils;

  exports dev.baton.devtools.advice;
  exports dev.baton.devtools.debug;
  exports dev.baton.devtools.program;
}
