package dev.baton.runtime.program;

/** Counts what a read costs against its {@link ReadBudget}. */
final class BudgetMeter {
  /** Room for the small files, in which a few shared strings weigh much. */
  private static final long SHARING_SLACK_BYTES = 64 << 10;

  private final DecodeCursor cursor;
  private final ReadBudget budget;
  private final long sharedBytes;

  private long values;
  private long tensors;
  private long instructions;

  BudgetMeter(DecodeCursor cursor, ReadBudget budget, int programBytes) {
    this.cursor = cursor;
    this.budget = budget;
    this.sharedBytes = SHARING_SLACK_BYTES + (long) budget.sharing() * programBytes;
  }

  void values(int more) {
    values += more;
    check("values", values, budget.values());
  }

  void tensor() {
    tensors++;
    check("tensors", tensors, budget.tensors());
  }

  void instructions(int more) {
    instructions += more;
    check("instructions", instructions, budget.instructions());
  }

  /** How many bytes of tables may be decoded, shared ones counted each time. */
  long decodableBytes() {
    return Math.min(budget.decodedBytes(), sharedBytes);
  }

  ProgramFormatException tooMuchToDecode() {
    if (budget.decodedBytes() <= sharedBytes) {
      return exceeded("decodedBytes", budget.decodedBytes() + 1, budget.decodedBytes());
    }
    return cursor.fail(
        "they refer to each other so often that more than %d bytes would be decoded; the read budget allows %d times their size (sharing)"
            .formatted(sharedBytes, budget.sharing()),
        "This is no file that ExecuTorch writes. If you trust it, raise the budget: ReadBudget.withSharing.");
  }

  /** Takes all memory that one method plans. */
  void planned(long bytes) {
    check("plannedBytes", bytes, budget.plannedBytes());
  }

  private void check(String name, long needed, long allowed) {
    if (needed > allowed) {
      throw exceeded(name, needed, allowed);
    }
  }

  private ProgramFormatException exceeded(String name, long needed, long allowed) {
    return cursor.fail(
        "the read budget %s allows %d, the file needs %d or more".formatted(name, allowed, needed),
        "If you trust the file, raise the budget: ReadBudget.with%s%s."
            .formatted(Character.toUpperCase(name.charAt(0)), name.substring(1)));
  }
}
