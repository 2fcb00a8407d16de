package dev.baton.cases;

import dev.baton.runtime.BatonException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** A folder, or a bundled program, is no sound case. */
public final class CaseFormatException extends BatonException {
  private static final long serialVersionUID = 1;

  CaseFormatException(Path path, String problem, @Nullable Throwable cause) {
    super(path + " is no case: " + problem, cause);
  }
}
