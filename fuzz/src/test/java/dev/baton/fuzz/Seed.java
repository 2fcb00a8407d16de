package dev.baton.fuzz;

import dev.baton.devtools.etdump.EtDumpSchemas;
import dev.baton.format.TableFacts;
import dev.baton.runtime.program.FileSchemas;
import dev.baton.xnnpack.payload.PayloadSchemas;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A sound file, and where it may be changed. */
record Seed(String name, byte[] bytes, List<Place> places) {
  private static final Path MODELS = Path.of(System.getProperty("baton.models"));
  private static final Path SAMPLES = MODELS.resolve("../runtime/src/test/resources/programs");
  private static final int HEADER_BYTES = 64;

  /** Before the tables of a recording. */
  private static final int SIZE_PREFIX = 4;

  private static final byte[] PAYLOAD_MAGIC = "XH00".getBytes(StandardCharsets.US_ASCII);
  private static final int TABLES_FIELD = 6;

  /** The index at the end of a Core ML payload is written backwards. */
  private static final String CORE_ML_END = "\"sedon\"{";

  /** A program, of the models or of the reader's samples, whose own tables may be changed. */
  static Seed program(String name) {
    byte[] file = read(path(name, "pte"));
    return new Seed(name, file, withHeader(file, 0, FileSchemas.program()));
  }

  /** A bundled program, whose own tables may be changed, and not those of the program inside. */
  static Seed bundle(String name) {
    byte[] file = read(path(name, "bpte"));
    return new Seed(name, file, withHeader(file, 0, FileSchemas.bundle()));
  }

  /** A data file. */
  static Seed dataFile(String name, boolean older) {
    byte[] file = read(path(name, "ptd"));
    TableFacts facts = older ? FileSchemas.olderDataFile() : FileSchemas.dataFile();
    return new Seed(name, file, withHeader(file, 0, facts));
  }

  /** A recording of runs, of devtools' samples. */
  static Seed etDump(String name) {
    byte[] file =
        read(MODELS.resolve("../devtools/src/test/resources/dev/baton/devtools/" + name + ".etdp"));
    return new Seed(name, file, withHeader(file, SIZE_PREFIX, EtDumpSchemas.dump()));
  }

  /** A program whose XNNPACK payloads alone may be changed. */
  static Seed payloads(String name) {
    byte[] file = read(path(name, "pte"));
    ByteBuffer bytes = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
    List<Place> places = new ArrayList<>();
    for (int at = 4; at + HEADER_BYTES < file.length; at++) {
      if (isPayloadMagic(bytes, at)) {
        int tables = at - 4 + bytes.getInt(at + TABLES_FIELD);
        places.addAll(Places.of(file, tables, PayloadSchemas.graph()));
        header(places, at);
      }
    }
    if (places.isEmpty()) {
      throw new IllegalStateException(name + " has no XNNPACK payload");
    }
    return new Seed(name, file, places);
  }

  /** A program whose Core ML payload alone may be changed: any byte of its files and its index. */
  static Seed coreMl(String name) {
    byte[] file = read(path(name, "pte"));
    String text = new String(file, StandardCharsets.ISO_8859_1);
    int end = text.lastIndexOf(CORE_ML_END);
    int begin = Math.max(text.indexOf("{\"inputNames\""), text.indexOf("{\"identifier\""));
    if (end < 0 || begin < 0) {
      throw new IllegalStateException(name + " has no Core ML payload");
    }
    List<Place> places = new ArrayList<>();
    for (int at = begin; at < end + CORE_ML_END.length(); at++) {
      places.add(new Place(Place.Kind.SCALAR, "payload", at, 1));
    }
    return new Seed(name, file, places);
  }

  private static boolean isPayloadMagic(ByteBuffer bytes, int at) {
    for (int i = 0; i < PAYLOAD_MAGIC.length; i++) {
      if (bytes.get(at + i) != PAYLOAD_MAGIC[i]) {
        return false;
      }
    }
    return bytes.getInt(at - 4) == 0;
  }

  private static List<Place> withHeader(byte[] file, int base, TableFacts facts) {
    List<Place> places = new ArrayList<>(Places.of(file, base, facts));
    header(places, base);
    return places;
  }

  private static void header(List<Place> places, int base) {
    for (int at = base + 4; at < base + HEADER_BYTES; at += 4) {
      places.add(new Place(Place.Kind.SCALAR, "header", at, 4));
    }
  }

  /** The file of a model, or of the reader's samples. */
  static Path path(String name, String extension) {
    String file = extension.equals("ptd") ? "_default_external_constant.ptd" : "model." + extension;
    List<Path> places =
        List.of(MODELS.resolve(name).resolve(file), MODELS.resolve(name + "." + extension));
    return places.stream()
        .filter(Files::exists)
        .findFirst()
        .orElse(SAMPLES.resolve(name + "." + extension));
  }

  static byte[] read(Path file) {
    try {
      return Files.readAllBytes(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
