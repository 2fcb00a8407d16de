package dev.baton.cases;

import dev.baton.runtime.BatonException;
import java.nio.file.Path;

/** A file is no NPY file, or one of a kind that tensors cannot hold. */
public final class NpyFormatException extends BatonException {
  private static final long serialVersionUID = 1;

  NpyFormatException(Path file, String problem) {
    super(file + " is no NPY file that Baton can read: " + problem);
  }
}
