import {hidePeople} from '../model/hide-people.js'
import type {Ui, UiEvent} from '../ports/ui.js'

/** Tells the same and names nobody, for a service whose output others collect. */
export function nameless(ui: Ui): Ui {
  return {
    emit: (event) => ui.emit('text' in event ? unnamed(event) : event),
    confirm: (question, flag) => ui.confirm(question, flag),
    ask: (question, flag, options) => ui.ask(question, flag, options),
  }
}

function unnamed(event: Extract<UiEvent, {text: string}>): UiEvent {
  const text = event.quotes === 'people' ? event.text.replace(/"[^"]*"/g, '[user]') : event.text
  return {...event, text: hidePeople(text)}
}
