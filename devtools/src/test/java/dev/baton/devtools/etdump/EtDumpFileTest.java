package dev.baton.devtools.etdump;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.flatbuffers.FlatBufferBuilder;
import dev.baton.devtools.etdump.EtDump.AllocationEvent;
import dev.baton.devtools.etdump.EtDump.BoolValue;
import dev.baton.devtools.etdump.EtDump.DebugEvent;
import dev.baton.devtools.etdump.EtDump.DoubleValue;
import dev.baton.devtools.etdump.EtDump.FloatValue;
import dev.baton.devtools.etdump.EtDump.IntValue;
import dev.baton.devtools.etdump.EtDump.NoValue;
import dev.baton.devtools.etdump.EtDump.Place;
import dev.baton.devtools.etdump.EtDump.ProfileEvent;
import dev.baton.devtools.etdump.EtDump.RunData;
import dev.baton.devtools.etdump.EtDump.StringValue;
import dev.baton.devtools.etdump.EtDump.TensorValue;
import dev.baton.devtools.etdump.EtDump.TensorsValue;
import dev.baton.devtools.etdump.EtDump.Value;
import dev.baton.format.TableFacts;
import dev.baton.format.TableFacts.Field;
import dev.baton.format.TableFacts.Kind;
import dev.baton.runtime.BatonException;
import dev.baton.runtime.program.ScalarType;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class EtDumpFileTest {
  static byte[] sample() throws IOException {
    try (InputStream in =
        EtDumpFileTest.class.getResourceAsStream("/dev/baton/devtools/portable-run.etdp")) {
      return Objects.requireNonNull(in).readAllBytes();
    }
  }

  private static EtDump read(byte[] bytes) {
    return EtDumpFile.read("run.etdp", bytes);
  }

  /** As {@code flatc --json} has it. */
  @Test
  void aRecordingOfExecuTorchIsRead() throws IOException {
    EtDump dump = read(sample());
    assertEquals(0, dump.version());
    assertEquals(
        List.of(EtDump.LOAD, EtDump.RUN), dump.runs().stream().map(RunData::name).toList());
    RunData load = dump.runs().getFirst();
    assertEquals(RunData.NO_BUNDLED_INPUT, load.bundledInputIndex());
    assertEquals(
        List.of(
            new ProfileEvent("Method::init", new Place(-1, 0, -1, ""), List.of(), 399054, 421538),
            new ProfileEvent(
                "Program::load_method", new Place(-1, 0, -1, ""), List.of(), 398073, 422930)),
        load.events());
    List<EtDump.Event> run = dump.runs().getLast().events();
    assertEquals(29, run.size());
    assertEquals(
        new ProfileEvent(
            "native_call_convolution.out", Place.ofInstruction(0), List.of(), 426786, 971569),
        run.getFirst());
    assertEquals(
        new ProfileEvent("Method::execute", new Place(-1, 0, -1, ""), List.of(), 425313, 2324134),
        run.getLast());
    EtDumpTable.Row row = EtDumpTable.of(dump).get(2);
    assertEquals("native_call_convolution.out", row.name());
    assertEquals(971569 - 426786, row.p50Ticks());
  }

  private static EtDump everything() {
    TensorValue tensor = new TensorValue(ScalarType.FLOAT, List.of(2L, 3L), List.of(3L, 1L), 64);
    List<Value> values =
        List.of(
            new NoValue(),
            new IntValue(-7),
            new BoolValue(true),
            new FloatValue(0.5f),
            new DoubleValue(-1e300),
            tensor,
            new TensorsValue(List.of(tensor, tensor)),
            new StringValue());
    List<EtDump.Event> events = new ArrayList<>();
    values.forEach(v -> events.add(new DebugEvent("op", Place.ofInstruction(3), v, v == tensor)));
    events.add(new AllocationEvent(1, 1L << 40));
    events.add(
        new ProfileEvent(
            "é", new Place(0, 5, 9, "Fully Connected"), List.of((byte) 1, (byte) -1), 5, 1L << 62));
    return new EtDump(
        0,
        List.of(
            new RunData("Default", -1, List.of("method", "temp"), events),
            new RunData("Execute", 2, List.of(), List.of())));
  }

  @Test
  void whatIsWrittenIsReadBack() throws IOException {
    assertEquals(everything(), read(EtDumpFile.write(everything())));
    assertEquals(read(sample()), read(EtDumpFile.write(read(sample()))));
  }

  @Test
  void clocksOf32BitsMayBeginAnew() {
    assertEquals(15, new ProfileEvent("a", Place.nowhere(), List.of(), (1L << 32) - 10, 5).ticks());
  }

  @Test
  void eventsThatShareTheirMetadataAreRefused() {
    FlatBufferBuilder to = new FlatBufferBuilder();
    int metadata = to.createByteVector(new byte[1 << 16]);
    dev.baton.devtools.etdump.schema.ProfileEvent.startProfileEvent(to);
    dev.baton.devtools.etdump.schema.ProfileEvent.addDelegateDebugMetadata(to, metadata);
    int event =
        dev.baton.devtools.etdump.schema.Event.createEvent(
            to, dev.baton.devtools.etdump.schema.ProfileEvent.endProfileEvent(to), 0, 0);
    int[] events = new int[20_000];
    Arrays.fill(events, event);
    int run =
        dev.baton.devtools.etdump.schema.RunData.createRunData(
            to, 0, -1, 0, dev.baton.devtools.etdump.schema.RunData.createEventsVector(to, events));
    dev.baton.devtools.etdump.schema.ETDump.finishSizePrefixedETDumpBuffer(
        to,
        dev.baton.devtools.etdump.schema.ETDump.createETDump(
            to,
            0,
            dev.baton.devtools.etdump.schema.ETDump.createRunDataVector(to, new int[] {run})));
    String said = assertThrows(BatonException.class, () -> read(to.sizedByteArray())).getMessage();
    assertTrue(said.contains("more metadata than the file has bytes"), said);
  }

  @Test
  void damagedFilesAreRefused() {
    byte[] sound = EtDumpFile.write(everything());
    assertTrue(
        assertThrows(BatonException.class, () -> read(Arrays.copyOf(sound, sound.length - 8)))
            .getMessage()
            .contains("bytes follow its first 4"));
    assertThrows(BatonException.class, () -> read(new byte[0]));
    Random random = new Random(3);
    int refused = 0;
    for (int i = 0; i < 20_000; i++) {
      byte[] changed = sound.clone();
      for (int n = 0; n <= i % 3; n++) {
        changed[random.nextInt(changed.length)] = (byte) random.nextInt();
      }
      try {
        EtDumpTable.of(read(changed));
      } catch (BatonException e) {
        refused++;
      }
    }
    assertTrue(refused > 1_000, refused + " refused");
  }

  /** The verifier's facts are those of the schema file. */
  @Test
  void factsEqualTheSchemaFile() throws IOException {
    String text =
        Files.readString(Path.of("src/main/flatbuffers/etdump_schema_flatcc.fbs"))
            .replaceAll("//[^\n]*", "");
    Map<String, List<String>> expected = new HashMap<>();
    Matcher table = Pattern.compile("table (\\w+) \\{([^}]*)}").matcher(text);
    Pattern field = Pattern.compile("(\\w+)\\s*:\\s*(\\[?)(?:\\w+\\.)?(\\w+)");
    Map<String, Integer> scalars =
        Map.of(
            "int",
            4,
            "uint",
            4,
            "long",
            8,
            "ulong",
            8,
            "bool",
            1,
            "float",
            4,
            "double",
            8,
            "ubyte",
            1,
            "ScalarType",
            1,
            "ValueType",
            1);
    while (table.find()) {
      List<String> fields = new ArrayList<>();
      Matcher of = field.matcher(table.group(2));
      while (of.find()) {
        Integer bytes = scalars.get(of.group(3));
        String type = bytes != null ? bytes.toString() : of.group(3);
        fields.add(of.group(1) + " " + of.group(2) + type);
      }
      expected.put(table.group(1), fields);
    }
    Map<String, List<String>> actual = new HashMap<>();
    collect(EtDumpSchema.ETDUMP, actual);
    assertTrue(actual.size() > 10);
    actual.forEach((name, fields) -> assertEquals(expected.get(name), fields, name));
  }

  private static void collect(TableFacts facts, Map<String, List<String>> into) {
    List<String> fields = new ArrayList<>();
    for (Field field : facts.fields()) {
      fields.add(
          field.name()
              + " "
              + switch (field.kind()) {
                case Kind.Scalar(int bytes) -> bytes;
                case Kind.Scalars(int bytes) -> "[" + bytes;
                case Kind.Text() -> "string";
                case Kind.Blob() -> "[1";
                case Kind.Table(TableFacts table) -> named(table, into);
                case Kind.Tables(TableFacts table) -> "[" + named(table, into);
                case Kind.Union _ -> throw new AssertionError(field);
              });
    }
    into.put(facts.name(), fields);
  }

  private static String named(TableFacts facts, Map<String, List<String>> into) {
    collect(facts, into);
    return facts.name();
  }
}
