package dev.baton.devtools.etrecord;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.baton.devtools.etrecord.EtRecord.Call;
import dev.baton.devtools.etrecord.EtRecord.Node;
import dev.baton.runtime.BatonException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.SortedMap;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EtRecordFileTest {
  private static final Path SAMPLES = Path.of("src/test/resources/dev/baton/devtools");

  @Test
  void instructionsHaveTheModelsSource() throws IOException {
    assertTrue(EtRecordFile.isEtRecord(SAMPLES.resolve("linear-xnn.etrecord")));
    EtRecord record = EtRecordFile.read(SAMPLES.resolve("linear-xnn.etrecord"));
    assertEquals(13, record.entries().size());
    assertEquals(
        Set.of("exported_program", "edge_dialect_exported_program/forward"),
        record.graphs().keySet());
    SortedMap<Integer, Call> calls = record.methods().get("forward").instructions();
    Call lowered = calls.get(0);
    assertEquals("XnnpackBackend", lowered.delegate());
    assertEquals(List.of(1, 2, 3, 4), lowered.debugHandles());
    assertEquals(
        List.of(
            "aten.linear.default", "aten.relu.default", "aten.linear.default", "aten.relu.default"),
        lowered.nodes().stream().map(Node::target).toList());
    assertTrue(
        lowered.nodes().getFirst().modules().getLast().contains("torch.nn.modules.linear.Linear"));
    Call sum = calls.get(1);
    assertEquals("", sum.delegate());
    Node node = sum.nodes().getFirst();
    assertEquals("aten.cumsum.default", node.target());
    assertTrue(
        node.source().matches("File \".*linear.py\", line \\d+, in forward: .*"), node::source);
  }

  /** Of 2023: one edge program without a name, and no debug handles. */
  @Test
  void anOlderOneIsRead() throws IOException {
    EtRecord record = EtRecordFile.read(SAMPLES.resolve("etrecord.bin"));
    assertEquals(7, record.entries().size());
    assertEquals(
        Set.of("aten_dialect_output/forward", "edge_dialect_exported_program"),
        record.graphs().keySet());
    assertEquals(
        List.of("aten.mul.Tensor"),
        record.graphs().get("edge_dialect_exported_program").stream()
            .map(Node::target)
            .filter(t -> t.startsWith("aten"))
            .distinct()
            .toList());
    assertTrue(record.methods().isEmpty());
  }

  /** A few kilobytes that stand for thousands of millions of nodes. */
  @Test
  void aSmallFileTakesLittleMemory(@TempDir Path folder) throws IOException {
    Path bomb = folder.resolve("bomb.etrecord");
    StringBuilder nodes = new StringBuilder();
    StringBuilder handles = new StringBuilder();
    for (int i = 0; i < 50_000; i++) {
      String comma = i == 0 ? "" : ",";
      nodes.append(comma).append("{\"name\":\"n\",\"metadata\":{\"debug_handle\":\"7\"}}");
      handles.append(comma).append('"').append(i).append("\":[7,8]");
    }
    try (ZipOutputStream out = new ZipOutputStream(Files.newOutputStream(bomb))) {
      entry(out, "ETRECORD_V0", "");
      entry(
          out,
          "edge_dialect_exported_program",
          "{\"graph_module\":{\"graph\":{\"nodes\":[" + nodes + "]}}}");
      entry(out, "debug_handle_map", "{\"forward\":{" + handles + "}}");
    }
    assertTrue(Files.size(bomb) < 200_000);
    String said = assertThrows(BatonException.class, () -> EtRecordFile.read(bomb)).getMessage();
    assertTrue(said.contains("stand for"), said);
  }

  private static void entry(ZipOutputStream out, String name, String text) throws IOException {
    out.putNextEntry(new ZipEntry(name));
    out.write(text.getBytes(StandardCharsets.UTF_8));
    out.closeEntry();
  }

  @Test
  void whatIsNoneIsRefused(@TempDir Path folder) throws IOException {
    Path zip = folder.resolve("other.zip");
    try (ZipOutputStream out = new ZipOutputStream(Files.newOutputStream(zip))) {
      out.putNextEntry(new ZipEntry("text"));
    }
    assertFalse(EtRecordFile.isEtRecord(zip));
    assertThrows(BatonException.class, () -> EtRecordFile.read(zip));
    byte[] sound = Files.readAllBytes(SAMPLES.resolve("linear-xnn.etrecord"));
    Path changed = folder.resolve("changed");
    Random random = new Random(5);
    for (int i = 0; i < 100; i++) {
      byte[] bytes = sound.clone();
      bytes[bytes.length - 1 - random.nextInt(1_500)] = (byte) random.nextInt();
      Files.write(changed, bytes);
      try {
        EtRecordFile.read(changed);
      } catch (BatonException e) {
        assertTrue(e.getMessage().contains("damaged"), e::getMessage);
      }
    }
  }
}
