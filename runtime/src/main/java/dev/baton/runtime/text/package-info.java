/** Words of messages. */
package dev.baton.runtime.text;
