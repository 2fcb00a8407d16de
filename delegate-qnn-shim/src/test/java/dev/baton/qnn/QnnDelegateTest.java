package dev.baton.qnn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.baton.delegate.Availability;
import dev.baton.delegate.DelegateException;
import dev.baton.delegate.DelegateOption;
import dev.baton.nativelib.Attempt;
import dev.baton.nativelib.FailureKind;
import dev.baton.nativelib.LibraryLocation;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

final class QnnDelegateTest {
  private static Availability at(String path) {
    String before = System.getProperty(QnnDelegate.LIBRARY_PROPERTY);
    System.setProperty(QnnDelegate.LIBRARY_PROPERTY, path);
    try {
      return new QnnDelegate().availability();
    } finally {
      if (before == null) {
        System.clearProperty(QnnDelegate.LIBRARY_PROPERTY);
      } else {
        System.setProperty(QnnDelegate.LIBRARY_PROPERTY, before);
      }
    }
  }

  @Test
  void itsNames() {
    assertEquals("qnn", new QnnDelegate().name());
    assertEquals(Set.of("QnnBackend"), new QnnDelegate().payloadIds());
  }

  @Test
  void aPathWithoutALibrary(@TempDir Path folder) {
    Availability availability = at(folder.resolve("libQnnHtp.so").toString());
    assertEquals(Availability.Reason.LIBRARY_ABSENT, availability.reason());
    assertTrue(availability.tried().get(0).contains("baton.qnn.library"), availability::toString);
    assertFalse(availability.remedy().isEmpty());
  }

  @Test
  void aFileThatIsNoLibrary(@TempDir Path folder) throws Exception {
    Path file = Files.writeString(folder.resolve("libQnnHtp.so"), "<!doctype html>");
    Availability availability = at(file.toString());
    assertEquals(Availability.Reason.LIBRARY_UNFIT, availability.reason());
    assertTrue(availability.message().contains(file.toString()), availability::toString);
  }

  @Test
  void aLibraryThatIsFound() {
    Path path = Path.of("somewhere", "libQnnHtp.so");
    Availability availability =
        new QnnDelegate(() -> new LibraryLocation.Located(path, "QNN_SDK_ROOT")).availability();
    assertTrue(availability.isAvailable());
    assertTrue(availability.message().contains(path.toString()), availability::toString);
  }

  @ParameterizedTest
  @EnumSource
  void everyFailureHasAReasonOfItsOwn(FailureKind kind) {
    Map<FailureKind, Availability.Reason> expected = new EnumMap<>(FailureKind.class);
    expected.put(FailureKind.PLATFORM, Availability.Reason.PLATFORM);
    expected.put(FailureKind.ABSENT, Availability.Reason.LIBRARY_ABSENT);
    expected.put(FailureKind.UNFIT, Availability.Reason.LIBRARY_UNFIT);
    expected.put(FailureKind.CPU_FEATURE, Availability.Reason.HARDWARE);
    expected.put(FailureKind.CACHE, Availability.Reason.LIBRARY_NOT_PLACED);
    expected.put(FailureKind.ACCESS_DENIED, Availability.Reason.NATIVE_ACCESS_DENIED);
    Availability availability =
        new QnnDelegate(() ->
            new LibraryLocation.NotLocated(
                kind,
                "It is not there.",
                "Put it there.",
                List.of(new Attempt("there", kind, "Nothing is there."))))
            .availability();
    assertEquals(expected.get(kind), availability.reason());
    assertEquals("It is not there.", availability.message());
    assertEquals("Put it there.", availability.remedy());
    assertEquals(List.of("there: Nothing is there."), availability.tried());
  }

  @Test
  void openWithoutALibrary(@TempDir Path folder) {
    String absent = folder.resolve("libQnnHtp.so").toString();
    DelegateException e =
        assertThrows(
            DelegateException.class,
            () -> new QnnDelegate().open(new Host(Map.of(QnnDelegate.LIBRARY_OPTION, absent))));
    assertEquals(DelegateException.Kind.UNAVAILABLE, e.kind());
    assertFalse(e.remedy().isEmpty());
  }

  @Test
  void anOptionThatIsNoPath() {
    Host host = new Host(Map.of(QnnDelegate.LIBRARY_OPTION, "a\0b"));
    assertEquals(Availability.Reason.LIBRARY_ABSENT, new QnnDelegate().availability(host).reason());
    DelegateException e = assertThrows(DelegateException.class, () -> new QnnDelegate().open(host));
    assertEquals(DelegateException.Kind.UNAVAILABLE, e.kind());
  }

  @Test
  void optionsAreKnownWithTheirValues() {
    List<DelegateOption> options = new QnnDelegate().options();
    assertEquals(
        List.of("claim", "library", "trusted-payloads"),
        options.stream().map(DelegateOption::key).toList());
    assertTrue(options.getFirst().accepts().test("on"));
    assertFalse(options.getFirst().accepts().test("perhaps"));
  }
}
