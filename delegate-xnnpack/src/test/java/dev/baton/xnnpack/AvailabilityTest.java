package dev.baton.xnnpack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.baton.delegate.Availability;
import dev.baton.delegate.Delegate;
import dev.baton.delegate.DelegateException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.ServiceLoader;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

class AvailabilityTest {
  /** Where an ELF header says for which machine a file is. */
  private static final int ELF_MACHINE = 18;

  private final @Nullable String given = System.getProperty(XnnpackDelegate.LIBRARY_PROPERTY);
  private final XnnpackDelegate delegate = new XnnpackDelegate();

  @AfterEach
  void restore() {
    if (given == null) {
      System.clearProperty(XnnpackDelegate.LIBRARY_PROPERTY);
    } else {
      System.setProperty(XnnpackDelegate.LIBRARY_PROPERTY, given);
    }
  }

  @Test
  void isFoundAsAService() {
    AvailabilityTest.class.getModule().addUses(Delegate.class);
    Delegate found =
        ServiceLoader.load(Delegate.class).stream()
            .map(ServiceLoader.Provider::get)
            .filter(d -> d.name().equals("xnnpack"))
            .findFirst()
            .orElseThrow();
    assertEquals(100, found.priority());
  }

  @Test
  void isFoundOnTheClassPathToo() throws IOException {
    try (var in =
        XnnpackDelegate.class
            .getModule()
            .getResourceAsStream("META-INF/services/dev.baton.delegate.Delegate")) {
      assertEquals(XnnpackDelegate.class.getName(), new String(in.readAllBytes()).strip());
    }
  }

  @Test
  void platformJarServes() {
    System.clearProperty(XnnpackDelegate.LIBRARY_PROPERTY);
    Availability availability = delegate.availability();
    assertTrue(availability.isAvailable(), availability::toString);
    Rig.assertContains(availability.message(), "libjnitensorflowlite");
  }

  private Availability withLibrary(Path path) {
    System.setProperty(XnnpackDelegate.LIBRARY_PROPERTY, path.toString());
    return delegate.availability();
  }

  @Test
  void absent(@TempDir Path folder) {
    Path missing = folder.resolve("libXNNPACK.so");
    Availability availability = withLibrary(missing);
    assertEquals(Availability.Reason.LIBRARY_ABSENT, availability.reason());
    assertFalse(availability.remedy().isEmpty());
    Rig.assertContains(availability.tried().toString(), missing.toString());
    DelegateException e =
        assertThrows(DelegateException.class, () -> delegate.open(Rig.Context.ONE_THREAD));
    assertEquals(DelegateException.Kind.UNAVAILABLE, e.kind());
    assertFalse(e.remedy().isEmpty());
  }

  @Test
  void optionNamesTheLibrary(@TempDir Path folder) throws Exception {
    String missing = folder.resolve("libXNNPACK.so").toString();
    assertThrows(
        DelegateException.class,
        () -> delegate.open(new Rig.Context(Map.of("library", missing), 1)));
    delegate.open(new Rig.Context(Map.of("library", library().toString()), 1)).close();
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void truncated(@TempDir Path folder) throws Exception {
    byte[] whole = Files.readAllBytes(library());
    Path half = folder.resolve("libXNNPACK.so");
    Files.write(half, Arrays.copyOf(whole, whole.length / 2));
    Availability availability = withLibrary(half);
    assertEquals(Availability.Reason.LIBRARY_UNFIT, availability.reason());
    Rig.assertContains(availability.toString(), "truncated");
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void otherArchitecture(@TempDir Path folder) throws Exception {
    byte[] bytes = Files.readAllBytes(library());
    bytes[ELF_MACHINE] = (byte) 243; // RISC-V
    Path other = folder.resolve("libXNNPACK.so");
    Files.write(other, bytes);
    assertEquals(Availability.Reason.LIBRARY_UNFIT, withLibrary(other).reason());
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void anotherLibrary() {
    Path libc = Path.of("/lib/x86_64-linux-gnu/libm.so.6");
    if (Files.exists(libc)) {
      Availability availability = withLibrary(libc);
      assertEquals(Availability.Reason.LIBRARY_UNFIT, availability.reason());
      Rig.assertContains(availability.message(), "xnn_initialize");
    }
  }

  private static Path library() throws Exception {
    return Rig.library().path();
  }
}
