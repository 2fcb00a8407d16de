package dev.baton.runtime.program;

import dev.baton.runtime.program.schema.ExecutionPlan;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** From bytes to {@link ProgramContent}: header, structure of the tables, then what they say. */
final class ProgramDecoder {
  private ProgramDecoder() {}

  static ProgramContent decode(
      String source, MemorySegment file, List<DataFile> dataFiles, ReadBudget budget) {
    ProgramLayout layout = ProgramHeader.read(source, file);
    ByteBuffer tables =
        file.asSlice(0, layout.programBytes()).asByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
    DecodeCursor cursor = new DecodeCursor(source);
    BudgetMeter meter = new BudgetMeter(cursor, budget, layout.programBytes());
    TableStructure.verify(source, tables, ProgramSchema.PROGRAM, meter);

    var root = dev.baton.runtime.program.schema.Program.getRootAsProgram(tables);
    ProgramData data = new ProgramData(file, layout, root, cursor, dataFiles);
    Map<String, MemorySegment> namedData = data.namedData();
    return new ProgramContent(
        layout,
        root.version(),
        methods(root, data, cursor, meter),
        data.segments(),
        namedData,
        List.copyOf(dataFiles),
        List.of());
  }

  private static Map<String, ProgramMethod> methods(
      dev.baton.runtime.program.schema.Program root,
      ProgramData data,
      DecodeCursor cursor,
      BudgetMeter meter) {
    cursor.at("methods");
    if (root.executionPlanLength() == 0) {
      throw cursor.fail("there are none, expected one");
    }
    Map<String, ProgramMethod> methods = new LinkedHashMap<>();
    for (int i = 0; i < root.executionPlanLength(); i++) {
      cursor.method(null);
      cursor.at("method", i);
      ExecutionPlan plan = root.executionPlan(i);
      String name = cursor.required(plan.name(), "its name");
      if (methods.containsKey(name)) {
        throw cursor.fail("an earlier method is also named " + ProgramFormatException.quoted(name));
      }
      cursor.method(name);
      methods.put(name, new MethodDecoder(name, plan, data, cursor, meter).decode());
    }
    return Collections.unmodifiableMap(methods);
  }
}
