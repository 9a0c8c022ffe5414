// Does nothing but import oclif; what start-up is measured against.
import '@oclif/core'
