package dev.baton.coreml.mil;

import dev.baton.coreml.mil.MilProgram.Binding;
import dev.baton.coreml.mil.MilProgram.Block;
import dev.baton.coreml.mil.MilProgram.Function;
import dev.baton.coreml.mil.MilProgram.NamedType;
import dev.baton.coreml.mil.MilProgram.Operation;
import dev.baton.coreml.mil.MilType.Element;
import dev.baton.delegate.DelegateException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads a model's message. The numbers are those of the fields in the format's public definition;
 * fields that Baton does not use are skipped.
 */
public final class ProgramReader {
  /** How often a tensor's dimensions may be stated. */
  private static final int GREATEST_RANK = 16;

  private ProgramReader() {}

  /** How a message is read, for members of maps. */
  private interface Message<T> {
    T read(ProtoReader in) throws DelegateException;
  }

  /**
   * @param model a message {@code Model}
   * @throws DelegateException if it is damaged, or no program
   */
  public static MilProgram read(MemorySegment model) throws DelegateException {
    ProtoReader in = ProtoReader.of(model);
    String defaultFunction = null;
    Map<String, Function> functions = null;
    while (in.next()) {
      switch (in.field()) {
        case 2 -> defaultFunction = defaultFunction(in.message());
        case 502 -> functions = program(in.message());
        default -> in.skip();
      }
    }
    if (functions == null) {
      throw Failures.unsupported(
          "its model is no program (ML Program), but of an older kind, such as a neural network",
          "Export it with a deployment target of iOS 15 or later.");
    }
    return new MilProgram(defaultFunction, functions);
  }

  private static @Nullable String defaultFunction(ProtoReader in) throws DelegateException {
    String name = null;
    while (in.next()) {
      if (in.field() == 21) {
        name = in.text();
      } else {
        in.skip();
      }
    }
    return name;
  }

  private static Map<String, Function> program(ProtoReader in) throws DelegateException {
    Map<String, Function> functions = new LinkedHashMap<>();
    while (in.next()) {
      if (in.field() == 2) {
        entry(in, functions, ProgramReader::function);
      } else {
        in.skip();
      }
    }
    return functions;
  }

  /** A member of a map: key 1, value 2. */
  private static <T> void entry(ProtoReader map, Map<String, T> into, Message<T> value)
      throws DelegateException {
    ProtoReader in = map.message();
    String key = "";
    T read = null;
    while (in.next()) {
      switch (in.field()) {
        case 1 -> key = in.text();
        case 2 -> read = value.read(in.message());
        default -> in.skip();
      }
    }
    if (read == null) {
      throw Failures.damaged("'" + key + "' in its model has no value");
    }
    into.put(key, read);
  }

  private static Function function(ProtoReader in) throws DelegateException {
    List<NamedType> inputs = new ArrayList<>();
    String opset = "";
    Map<String, Block> blocks = new LinkedHashMap<>();
    while (in.next()) {
      switch (in.field()) {
        case 1 -> inputs.add(namedType(in.message()));
        case 2 -> opset = in.text();
        case 3 -> entry(in, blocks, ProgramReader::block);
        default -> in.skip();
      }
    }
    Block block = blocks.get(opset);
    if (block == null) {
      throw Failures.damaged(
          "a function in its model has no block for its operator set '" + opset + "'");
    }
    return new Function(inputs, opset, block);
  }

  private static NamedType namedType(ProtoReader in) throws DelegateException {
    String name = "";
    MilType type = new MilType.Other();
    while (in.next()) {
      switch (in.field()) {
        case 1 -> name = in.text();
        case 2 -> type = type(in.message());
        default -> in.skip();
      }
    }
    return new NamedType(name, type);
  }

  private static Block block(ProtoReader in) throws DelegateException {
    List<Operation> operations = new ArrayList<>();
    while (in.next()) {
      if (in.field() == 3) {
        operations.add(operation(in.message()));
      } else {
        in.skip();
      }
    }
    return new Block(operations);
  }

  private static Operation operation(ProtoReader in) throws DelegateException {
    String type = "";
    Map<String, List<Binding>> inputs = new LinkedHashMap<>();
    List<NamedType> outputs = new ArrayList<>();
    Map<String, MilValue> attributes = new LinkedHashMap<>();
    while (in.next()) {
      switch (in.field()) {
        case 1 -> type = in.text();
        case 2 -> entry(in, inputs, ProgramReader::argument);
        case 3 -> outputs.add(namedType(in.message()));
        case 5 -> entry(in, attributes, ProgramReader::value);
        default -> in.skip();
      }
    }
    return new Operation(type, inputs, outputs, attributes);
  }

  private static List<Binding> argument(ProtoReader in) throws DelegateException {
    List<Binding> bindings = new ArrayList<>();
    while (in.next()) {
      if (in.field() == 1) {
        bindings.add(binding(in.message()));
      } else {
        in.skip();
      }
    }
    return bindings;
  }

  private static Binding binding(ProtoReader in) throws DelegateException {
    Binding binding = null;
    while (in.next()) {
      switch (in.field()) {
        case 1 -> binding = new MilProgram.Name(in.text());
        case 2 -> binding = new MilProgram.Literal(value(in.message()));
        default -> in.skip();
      }
    }
    if (binding == null) {
      throw Failures.damaged("an argument in its model is neither a name nor a value");
    }
    return binding;
  }

  private static MilType type(ProtoReader in) throws DelegateException {
    MilType type = new MilType.Other();
    while (in.next()) {
      switch (in.field()) {
        case 1 -> type = tensorType(in.message());
        case 5 -> type = new MilType.State(wrapped(in.message()));
        default -> in.skip();
      }
    }
    return type;
  }

  private static MilType wrapped(ProtoReader in) throws DelegateException {
    MilType type = new MilType.Other();
    while (in.next()) {
      if (in.field() == 1) {
        type = type(in.message());
      } else {
        in.skip();
      }
    }
    return type;
  }

  private static MilType tensorType(ProtoReader in) throws DelegateException {
    Element element = null;
    List<Long> sizes = new ArrayList<>();
    while (in.next()) {
      switch (in.field()) {
        case 1 -> element = Element.ofCode(in.varint());
        case 3 -> sizes.add(dimension(in.message()));
        default -> in.skip();
      }
    }
    if (sizes.size() > GREATEST_RANK) {
      throw Failures.damaged("a tensor in its model has " + sizes.size() + " dimensions");
    }
    return element == null ? new MilType.Other() : new MilType.Tensor(element, sizes);
  }

  private static long dimension(ProtoReader in) throws DelegateException {
    long size = 0; // a constant size of 0 is not written
    while (in.next()) {
      switch (in.field()) {
        case 1 -> size = constant(in.message());
        case 2 -> {
          in.skip();
          size = MilType.UNKNOWN;
        }
        default -> in.skip();
      }
    }
    return size;
  }

  private static long constant(ProtoReader in) throws DelegateException {
    long size = 0;
    while (in.next()) {
      if (in.field() == 1) {
        size = in.varint();
      } else {
        in.skip();
      }
    }
    if (size < 0 || size > Integer.MAX_VALUE) {
      throw Failures.damaged("a tensor in its model has the size " + Long.toUnsignedString(size));
    }
    return size;
  }

  private static MilValue value(ProtoReader in) throws DelegateException {
    MilType type = new MilType.Other();
    MilValue.Content content = new MilValue.Other();
    ProtoReader immediate = null;
    while (in.next()) {
      switch (in.field()) {
        case 2 -> type = type(in.message());
        case 3 -> immediate = in.message();
        case 5 -> content = stored(in.message());
        default -> in.skip();
      }
    }
    if (immediate != null && type instanceof MilType.Tensor tensor) {
      content = Immediates.read(immediate, tensor.element());
    }
    return new MilValue(type, content);
  }

  private static MilValue.Content stored(ProtoReader in) throws DelegateException {
    String file = "";
    long offset = 0;
    while (in.next()) {
      switch (in.field()) {
        case 1 -> file = in.text();
        case 2 -> offset = in.varint();
        default -> in.skip();
      }
    }
    return new MilValue.Stored(file, offset);
  }
}
