package dev.baton.devtools.report;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Where the author of a model wrote an operator, as the export's records (ETRecord) tell it.
 *
 * @param modules that it lies in, the outermost first, such as {@code features.0.conv}; may be
 *     empty
 * @param stackTrace lines of the author's program, the innermost last; may be empty
 */
public record NodeSource(List<String> modules, String stackTrace) {
  public NodeSource(@Nullable List<String> modules, @Nullable String stackTrace) {
    this.modules = modules == null ? List.of() : List.copyOf(modules);
    this.stackTrace = stackTrace == null ? "" : stackTrace;
  }
}
