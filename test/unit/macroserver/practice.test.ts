import { practise } from '../../../macroserver/practice.ts'
import { describePractice } from '../../support/practice.ts'

describePractice('practice of a door process', practise)
