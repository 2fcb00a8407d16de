import org.jspecify.annotations.NullMarked;

/** Loads, runs, fallbacks and native memory as Micrometer's meters. */
@NullMarked
@SuppressWarnings({"requires-automatic", "requires-transitive-automatic"})
module dev.baton.micrometer {
  requires static org.jspecify;
  requires transitive dev.baton.runtime;
  requires transitive micrometer.core;

  exports dev.baton.micrometer;
}
