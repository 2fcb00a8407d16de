package dev.baton.coreml.lift;

import dev.baton.graph.Shape;
import dev.baton.graph.Value;
import java.util.List;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/**
 * A product of two tensors whose dimensions are labelled by letters.
 *
 * @param batch labels that both have, and the result
 * @param rows labels of the left one and the result
 * @param columns labels of the right one and the result
 * @param summed labels that both have, and the result has not
 */
record Einsum(
    String left,
    String right,
    String out,
    String batch,
    String rows,
    String columns,
    String summed) {

  /** Null if the equation is of another kind. */
  static @Nullable Einsum parse(String equation, List<Value> values) {
    int comma = equation.indexOf(',');
    int arrow = equation.indexOf("->");
    if (comma < 0 || arrow < comma || values.size() != 2) {
      return null;
    }
    String left = equation.substring(0, comma);
    String right = equation.substring(comma + 1, arrow);
    String out = equation.substring(arrow + 2);
    if (!areLabels(left, values.get(0))
        || !areLabels(right, values.get(1))
        || out.chars().distinct().count() != out.length()
        || !out.chars().allMatch(l -> left.indexOf(l) >= 0 || right.indexOf(l) >= 0)) {
      return null;
    }
    Einsum parts =
        new Einsum(
            left,
            right,
            out,
            where(left, l -> right.indexOf(l) >= 0 && out.indexOf(l) >= 0),
            where(left, l -> right.indexOf(l) < 0 && out.indexOf(l) >= 0),
            where(right, l -> left.indexOf(l) < 0 && out.indexOf(l) >= 0),
            where(left, l -> right.indexOf(l) >= 0 && out.indexOf(l) < 0));
    boolean all =
        parts.batch.length() + parts.rows.length() + parts.summed.length() == left.length()
            && parts.batch.length() + parts.columns.length() + parts.summed.length()
                == right.length();
    return all ? parts : null;
  }

  private static boolean areLabels(String labels, Value value) {
    return labels.chars().allMatch(Character::isLetter)
        && labels.chars().distinct().count() == labels.length()
        && labels.length() == value.shape().rank();
  }

  private static String where(String labels, IntPredicate test) {
    StringBuilder found = new StringBuilder();
    labels.chars().filter(test).forEach(l -> found.append((char) l));
    return found.toString();
  }

  private static int size(String labels, String of, Shape shape) {
    int size = 1;
    for (int i = 0; i < of.length(); i++) {
      size = Math.multiplyExact(size, shape.size(labels.indexOf(of.charAt(i))));
    }
    return size;
  }

  private static int[] order(String from, String to) {
    return to.chars().map(from::indexOf).toArray();
  }

  /** The product, as one of batches of matrices. */
  Value apply(OperationCall c, Shape l, Shape r, List<Value> values) {
    int batches = size(left, batch, l);
    int middle = size(left, summed, l);
    Value x =
        c.view(
            c.permute(values.get(0), order(left, batch + rows + summed)),
            batches,
            size(left, rows, l),
            middle);
    Value y =
        c.view(
            c.permute(values.get(1), order(right, batch + summed + columns)),
            batches,
            middle,
            size(right, columns, r));
    String given = batch + rows + columns;
    int[] sizes =
        given
            .chars()
            .map(label ->
                left.indexOf(label) >= 0
                    ? l.size(left.indexOf(label))
                    : r.size(right.indexOf(label)))
            .toArray();
    return c.permute(c.view(c.apply("aten::bmm", x, y), sizes), order(given, out));
  }
}
