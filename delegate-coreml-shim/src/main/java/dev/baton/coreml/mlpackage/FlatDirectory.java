package dev.baton.coreml.mlpackage;

import dev.baton.coreml.mil.Failures;
import dev.baton.delegate.DelegateException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A directory in one piece: the bytes of its files, then an index of names and places, a JSON
 * object whose bytes are reversed, so that it is read from the end of the piece backwards. Children
 * come before their directory in the index; the last entry is the root.
 */
public final class FlatDirectory {
  /** An index that is longer has more entries than any model. */
  private static final int LONGEST_INDEX = 16 << 20;

  private static final int GREATEST_DEPTH = 32;
  private static final long FILE = 0;
  private static final long DIRECTORY = 1;

  /**
   * Bytes of a file, or entries of a directory.
   *
   * @param depth of the longest path inside
   */
  private record Entry(@Nullable MemorySegment file, Map<String, Entry> children, int depth) {}

  private final Entry root;

  private FlatDirectory(Entry root) {
    this.root = root;
  }

  /**
   * @param bytes stay valid as long as the files are used
   * @throws DelegateException if the index cannot be read, or lies
   */
  public static FlatDirectory read(MemorySegment bytes) throws DelegateException {
    List<Entry> entries = new ArrayList<>();
    Json index = Json.parse("the index at its end", index(bytes));
    BitSet placed = new BitSet();
    for (Json node : index.objects("nodes")) {
      entries.add(entry(node, entries, placed, bytes));
    }
    if (entries.isEmpty()) {
      throw Failures.damaged("the index at its end has no entries");
    }
    return new FlatDirectory(entries.get(entries.size() - 1));
  }

  private static Entry entry(Json node, List<Entry> before, BitSet placed, MemorySegment bytes)
      throws DelegateException {
    long kind = node.integer("kind");
    if (kind != FILE && kind != DIRECTORY) {
      throw Failures.damaged(node.what() + " is of the kind " + kind + ", expected 0 or 1");
    }
    Json children = node.object("children");
    Map<String, Entry> named = new LinkedHashMap<>();
    int depth = 0;
    for (Object key : children.members().keySet()) {
      String name = checked(String.valueOf(key));
      long child = children.integer(name);
      if (child < 0 || child >= before.size()) {
        throw Failures.damaged(
            "%s has the child %d, expected 0 to %d"
                .formatted(node.what(), child, before.size() - 1));
      }
      if (placed.get((int) child)) {
        throw Failures.damaged(node.what() + " has the child " + child + " of another directory");
      }
      placed.set((int) child);
      Entry inside = before.get((int) child);
      named.put(name, inside);
      depth = Math.max(depth, inside.depth + 1);
    }
    if (depth > GREATEST_DEPTH) {
      throw Failures.damaged(node.what() + " is " + depth + " directories deep");
    }
    if (kind == DIRECTORY) {
      return new Entry(null, named, depth);
    }
    Json region = node.object("dataRegion");
    long offset = region.integer("offset");
    long size = region.integer("size");
    if (offset < 0 || size < 0 || offset > bytes.byteSize() || size > bytes.byteSize() - offset) {
      throw Failures.damaged(
          "%s ('%s') is at byte %d, %d bytes; the payload has %d"
              .formatted(node.what(), node.text("name"), offset, size, bytes.byteSize()));
    }
    return new Entry(bytes.asSlice(offset, size), Map.of(), 0);
  }

  /** A name that is one step of a path. */
  private static String checked(String name) throws DelegateException {
    if (name.isEmpty()
        || name.equals(".")
        || name.equals("..")
        || name.contains("/")
        || name.contains("\\")
        || name.indexOf('\0') >= 0) {
      throw Failures.damaged("the index at its end names a file '" + name + "'");
    }
    return name;
  }

  /** The JSON text of the index, in reading order. */
  private static byte[] index(MemorySegment bytes) throws DelegateException {
    long last = bytes.byteSize() - 1;
    while (last >= 0 && isPadding(at(bytes, last))) {
      last--;
    }
    if (last < 0 || at(bytes, last) != '{') {
      throw Failures.damaged("it does not end with the index of a directory");
    }
    int depth = 0;
    boolean text = false;
    boolean escaped = false;
    for (long i = last; i >= 0 && last - i < LONGEST_INDEX; i--) {
      byte b = at(bytes, i);
      if (text) {
        text = escaped || b != '"';
        escaped = !escaped && b == '\\';
      } else if (b == '"') {
        text = true;
      } else if (b == '{') {
        depth++;
      } else if (b == '}' && --depth == 0) {
        byte[] index = new byte[(int) (last - i + 1)];
        for (int k = 0; k < index.length; k++) {
          index[k] = at(bytes, last - k);
        }
        return index;
      }
    }
    throw Failures.damaged("the index at its end has no beginning");
  }

  private static byte at(MemorySegment bytes, long offset) {
    return bytes.get(ValueLayout.JAVA_BYTE, offset);
  }

  private static boolean isPadding(byte b) {
    return b == 0 || b == ' ' || b == '\n' || b == '\r' || b == '\t';
  }

  /** True if there is a file or a directory of this path from the root. */
  public boolean has(String path) {
    return find(path) != null;
  }

  /**
   * The bytes of a file.
   *
   * @param path from the root, steps divided by {@code /}
   */
  public MemorySegment file(String path) throws DelegateException {
    Entry entry = find(path);
    if (entry == null || entry.file == null) {
      throw Failures.damaged("there is no file '" + path + "' in it");
    }
    return entry.file;
  }

  /** All files of a directory, by their paths from there. */
  public Map<String, MemorySegment> below(String directory) {
    Map<String, MemorySegment> all = new LinkedHashMap<>();
    Entry entry = find(directory);
    if (entry != null) {
      collect(entry, "", all);
    }
    return all;
  }

  private static void collect(Entry entry, String path, Map<String, MemorySegment> into) {
    entry.children.forEach((name, child) -> {
      if (child.file != null) {
        into.put(path + name, child.file);
      } else {
        collect(child, path + name + "/", into);
      }
    });
  }

  private @Nullable Entry find(String path) {
    Entry entry = root;
    for (String step : path.split("/")) {
      entry = entry.children.get(step);
      if (entry == null) {
        return null;
      }
    }
    return entry;
  }
}
