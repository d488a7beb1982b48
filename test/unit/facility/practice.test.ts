import { practise } from '../../../facility/practice.ts'
import { describePractice } from '../../support/practice.ts'

describePractice('practice of a process with a pool', practise)
