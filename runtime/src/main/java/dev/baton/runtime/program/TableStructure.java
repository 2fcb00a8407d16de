package dev.baton.runtime.program;

import dev.baton.format.FlatBufferVerifier;
import dev.baton.format.FlatBufferVerifier.UnknownMembers;
import dev.baton.format.MalformedException;
import dev.baton.format.TableFacts;
import java.nio.ByteBuffer;

/** What is checked of the tables of a file before anything reads them. */
final class TableStructure {
  private TableStructure() {}

  /**
   * @param source named in the message
   * @param root of the root table
   * @throws ProgramFormatException at the byte that contradicts the facts, or if there is too much
   *     to decode
   */
  static void verify(String source, ByteBuffer tables, TableFacts root, BudgetMeter meter) {
    try {
      FlatBufferVerifier.verify(tables, root, UnknownMembers.REFUSE, meter.decodableBytes());
    } catch (MalformedException e) {
      throw switch (e.kind()) {
        case DAMAGED -> malformed(source, e, ProgramFormatException.DAMAGED);
        case UNKNOWN_MEMBER -> malformed(source, e, ProgramFormatException.NEWER_OR_DAMAGED);
        case TOO_MANY_VISITS -> meter.tooMuchToDecode();
      };
    }
  }

  private static ProgramFormatException malformed(
      String source, MalformedException e, String remedy) {
    return ProgramFormatException.atByte(source, e.path(), e.byteOffset(), e.problem(), remedy);
  }
}
