/** What lies in program files: containers of compiled graphs, compile specs, and their graphs. */
package dev.baton.qnn.payload;
