import org.jspecify.annotations.NullMarked;

/** Checks FlatBuffers bytes before generated accessors, which trust them, read any. */
@NullMarked
module dev.baton.format {
  requires static org.jspecify;

  exports dev.baton.format;
}
