/** Native memory, counted by what it is for. */
package dev.baton.runtime.memory;
