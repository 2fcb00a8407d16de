package dev.baton.runtime.text;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.baton.delegate.Availability;
import dev.baton.delegate.DelegateException;
import java.util.List;
import org.junit.jupiter.api.Test;

final class SentencesTest {
  @Test
  void eachPartEndsWithAFullStop() {
    assertEquals("It broke. Mend it.", Sentences.join("It broke", "Mend it."));
    assertEquals("It broke. Mend it.", Sentences.join("It broke. ", "", "Mend it"));
    assertEquals("Why? Because.", Sentences.join("Why?", "Because"));
    assertEquals("", Sentences.join("", " "));
  }

  @Test
  void aFailureHasItsRemedy() {
    DelegateException typed =
        new DelegateException(
            DelegateException.Kind.BAD_PAYLOAD, "it is damaged", "Export it again.", null);
    assertEquals("it is damaged. Export it again.", Sentences.of(typed));
    assertEquals("it is odd.", Sentences.of(new IllegalStateException("it is odd")));
  }

  @Test
  void soHasWhatIsUnavailable() {
    assertEquals(
        "It is absent. Install it.",
        Sentences.of(
            Availability.unavailable(
                Availability.Reason.LIBRARY_ABSENT, "It is absent", "Install it", List.of())));
  }
}
