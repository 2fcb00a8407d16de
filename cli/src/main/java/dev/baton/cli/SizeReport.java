package dev.baton.cli;

import dev.baton.devtools.program.ProgramSize;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Where the bytes of a program go, for people. */
final class SizeReport {
  private static final int SHOWN = 25;

  private SizeReport() {}

  /**
   * @param all pieces, not only the largest
   */
  static List<String> text(ProgramSize size, boolean all) {
    List<String> lines = new ArrayList<>();
    long total = size.fileBytes() + size.dataFileBytes();
    lines.add(
        Text.bytes(size.fileBytes())
            + (size.dataFileBytes() == 0
                ? ""
                : ", and " + Text.bytes(size.dataFileBytes()) + " in data files"));
    size.byKind()
        .forEach((kind, bytes) ->
            lines.add(
                Text.format(
                    "  %10s  %5s  %s", Text.bytes(bytes), share(bytes, total), name(kind))));
    lines.add("");
    int count = all ? size.items().size() : Math.min(SHOWN, size.items().size());
    for (ProgramSize.Item item : size.items().subList(0, count)) {
      lines.add(
          Text.format("  %10s  %5s  ", Text.bytes(item.bytes()), share(item.bytes(), total))
              + item(item));
    }
    if (count < size.items().size()) {
      List<ProgramSize.Item> rest = size.items().subList(count, size.items().size());
      long bytes = rest.stream().mapToLong(ProgramSize.Item::bytes).sum();
      lines.add(
          Text.format("  %10s  %5s  ", Text.bytes(bytes), share(bytes, total))
              + rest.size()
              + " more (--all)");
    }
    return lines;
  }

  private static String item(ProgramSize.Item item) {
    List<String> words = new ArrayList<>();
    words.add(name(item.kind()));
    if (!item.name().isEmpty() && !item.name().equals(name(item.kind()))) {
      words.add(item.name());
    }
    if (!item.type().isEmpty()) {
      words.add(item.type());
    }
    if (!item.users().isEmpty()) {
      words.add("for " + String.join(", ", item.users()));
    }
    return String.join(" ", words);
  }

  private static String name(ProgramSize.Kind kind) {
    return kind.name().toLowerCase(Locale.ROOT).replace('_', ' ');
  }

  private static String share(long bytes, long total) {
    return Text.format("%.1f%%", 100.0 * bytes / Math.max(total, 1));
  }
}
