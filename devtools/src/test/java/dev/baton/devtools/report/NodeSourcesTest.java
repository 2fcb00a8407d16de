package dev.baton.devtools.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.baton.devtools.etrecord.EtRecord;
import dev.baton.devtools.etrecord.EtRecordFile;
import dev.baton.graph.Origin;
import java.io.IOException;
import java.nio.file.Path;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** An export of two linear layers with ReLUs, lowered for XNNPACK, and a cumulative sum. */
class NodeSourcesTest {
  private static final Path RECORD =
      Path.of("src/test/resources/dev/baton/devtools/linear-xnn.etrecord");

  @Test
  void operatorsAreKnownByTheirInstruction() throws IOException {
    NodeSource source = NodeSources.of(EtRecordFile.read(RECORD), "forward").apply(at(1, 0));
    assertNotNull(source);
    assertTrue(source.stackTrace().contains("linear.py"), source::stackTrace);
  }

  @Test
  void operatorsOfAPayloadAreKnownByTheirDebugHandle() throws IOException {
    EtRecord record = EtRecordFile.read(RECORD);
    Function<Origin, @Nullable NodeSource> sources = NodeSources.of(record, "forward");
    NodeSource second = sources.apply(at(0, 3));
    assertNotNull(second);
    EtRecord.Node linear = record.methods().get("forward").instructions().get(0).nodes().get(2);
    assertEquals(linear.stackTrace().strip(), second.stackTrace());
    assertEquals(linear.modules().size(), second.modules().size());
    assertTrue(linear.modules().getLast().startsWith(second.modules().getLast()), second::toString);
    assertNull(sources.apply(at(0, 0)), "without a debug handle");
  }

  @Test
  void whatTheRecordDoesNotHaveIsNotKnown() throws IOException {
    EtRecord record = EtRecordFile.read(RECORD);
    assertNull(NodeSources.of(record, "forward").apply(at(99, 1)));
    assertNull(NodeSources.of(record, "forward").apply(Origin.HOST));
    assertThrows(IllegalArgumentException.class, () -> NodeSources.of(record, "backward"));
  }

  private static Origin at(int instruction, int debugHandle) {
    return debugHandle == 0 && instruction == 1
        ? Origin.ofInstruction(instruction)
        : new Origin(instruction, "XnnpackBackend", 0, debugHandle);
  }
}
