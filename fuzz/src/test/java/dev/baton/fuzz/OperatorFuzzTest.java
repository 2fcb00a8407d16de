package dev.baton.fuzz;

import com.code_intelligence.jazzer.junit.FuzzTest;

/** Operators with arguments that lie. */
class OperatorFuzzTest {
  @FuzzTest
  void operators(byte[] input) {
    HostileCall.attempt(input);
  }
}
