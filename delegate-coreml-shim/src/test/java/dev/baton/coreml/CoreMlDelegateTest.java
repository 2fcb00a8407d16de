package dev.baton.coreml;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.baton.delegate.Availability;
import dev.baton.delegate.DelegateException;
import dev.baton.nativelib.Architecture;
import dev.baton.nativelib.HostPlatform;
import dev.baton.nativelib.OperatingSystem;
import dev.baton.tck.conformance.PlainContext;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

final class CoreMlDelegateTest {
  private static Availability on(OperatingSystem os) {
    return new CoreMlDelegate(
            new HostPlatform(os, Architecture.ARM64, HostPlatform.Libc.UNKNOWN, null))
        .availability();
  }

  @Test
  void itsNames() {
    assertEquals("coreml", new CoreMlDelegate().name());
    assertEquals(Set.of("CoreMLBackend"), new CoreMlDelegate().payloadIds());
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "MACOS")
  void elsewhereItIsNotForThisPlatform(OperatingSystem os) {
    Availability availability = on(os);
    assertEquals(Availability.Reason.PLATFORM, availability.reason());
    assertTrue(availability.message().contains(os.label() + "-arm64"), availability::toString);
    assertFalse(availability.remedy().isEmpty());
  }

  @Test
  void onAMacItsLibraryMustBeBuilt() {
    Availability availability = on(OperatingSystem.MACOS);
    assertEquals(Availability.Reason.LIBRARY_ABSENT, availability.reason());
    assertTrue(availability.remedy().contains("build-on-mac.sh"), availability::toString);
  }

  @Test
  void whatWasLoweredForItRunsOnItWhereItIs() {
    assertTrue(new CoreMlDelegate().prefersPayloads());
  }

  @Test
  void openIsRefusedWithoutTheLibrary() {
    DelegateException e =
        assertThrows(DelegateException.class, () -> new CoreMlDelegate().open(new PlainContext()));
    assertEquals(DelegateException.Kind.UNAVAILABLE, e.kind());
    assertFalse(e.remedy().isEmpty());
  }
}
