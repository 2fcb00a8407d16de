package dev.baton.coreml.mlpackage;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.baton.coreml.mil.Failures;
import dev.baton.delegate.DelegateException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * An object of a JSON text, whose members are asked for by name and kind.
 *
 * @param what the text, for messages
 */
record Json(String what, Map<?, ?> members) {
  static Json parse(String what, byte[] text) throws DelegateException {
    try {
      Map<?, ?> members = JSON.std.mapFrom(text);
      if (members == null) { // the whole text is null
        throw Failures.damaged(what + " is no JSON object: null");
      }
      return new Json(what, members);
    } catch (IOException | IllegalArgumentException e) {
      String said = String.valueOf(e.getMessage()).lines().findFirst().orElse("");
      throw Failures.damaged(what + " is no JSON object: " + said, e);
    }
  }

  boolean has(String name) {
    return members.get(name) != null;
  }

  String text(String name) throws DelegateException {
    return member(name, String.class, "a text");
  }

  long integer(String name) throws DelegateException {
    Number number = member(name, Number.class, "an integer");
    if (number instanceof Integer || number instanceof Long) {
      return number.longValue();
    }
    throw Failures.damaged(what + ": '" + name + "' is " + number + ", expected an integer");
  }

  Json object(String name) throws DelegateException {
    return new Json(what + ": '" + name + "'", member(name, Map.class, "an object"));
  }

  List<String> texts(String name) throws DelegateException {
    List<String> texts = new ArrayList<>();
    for (Object item : member(name, List.class, "a list")) {
      texts.add(cast(item, String.class, name, "a list of texts"));
    }
    return texts;
  }

  List<Json> objects(String name) throws DelegateException {
    List<Json> objects = new ArrayList<>();
    for (Object item : member(name, List.class, "a list")) {
      objects.add(
          new Json(
              what + ": '" + name + "'[" + objects.size() + "]",
              cast(item, Map.class, name, "a list of objects")));
    }
    return objects;
  }

  private <T> T member(String name, Class<T> type, String expected) throws DelegateException {
    return cast(members.get(name), type, name, expected);
  }

  private <T> T cast(@Nullable Object value, Class<T> type, String name, String expected)
      throws DelegateException {
    if (type.isInstance(value)) {
      return type.cast(value);
    }
    throw Failures.damaged(
        what
            + ": '"
            + name
            + "' is "
            + (value == null ? "absent" : "no such")
            + ", expected "
            + expected);
  }
}
