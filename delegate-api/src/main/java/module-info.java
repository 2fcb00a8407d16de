import org.jspecify.annotations.NullMarked;

/** The SPI for delegates: the graph they see, what they claim, and what they compile and run. */
@NullMarked
module dev.baton.delegate {
  requires static org.jspecify;

  exports dev.baton.delegate;
  exports dev.baton.graph;
}
