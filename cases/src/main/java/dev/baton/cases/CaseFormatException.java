package dev.baton.cases;

import dev.baton.runtime.BatonException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** A folder is no sound case. */
public final class CaseFormatException extends BatonException {
  private static final long serialVersionUID = 1;

  CaseFormatException(Path folder, String problem, @Nullable Throwable cause) {
    super(folder + " is no case folder: " + problem, cause);
  }
}
