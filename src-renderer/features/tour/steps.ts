/** The first steps, in the order of work. A step whose room does not exist is left out. */
export interface TourStep {
  readonly room: string
  readonly title: string
  readonly text: string
  /** What can be done for the person here, and what the button says. */
  readonly act?: { readonly id: 'open-sample' | 'take-sample-data' | 'take-made-up-board'; readonly label: string }
}

const steps: readonly TourStep[] = [
  {
    room: 'model',
    title: 'A trained network',
    text: 'Everything begins with an ONNX file. The sample is a small ResNet. Hover over a layer: the channels that can only be cut together light up.',
    act: { id: 'open-sample', label: 'Open the sample' },
  },
  {
    room: 'data',
    title: 'Images',
    text: 'Pruned networks are scored, and trained on, with your data. The sample’s images are drawn by a generator and need no files.',
    act: { id: 'take-sample-data', label: 'Take the sample’s images' },
  },
  {
    room: 'board',
    title: 'A board',
    text: 'The number that counts is the board’s own. Without one at hand, take a made-up board: it has hidden staircases, noise and throttling like a real one.',
    act: { id: 'take-made-up-board', label: 'Take the made-up board' },
  },
  {
    room: 'search',
    title: 'The search',
    text: 'Say how much faster it should be. Candidates appear in the plane of accuracy and latency; what the board has measured is filled.',
  },
  {
    room: 'run',
    title: 'The run',
    text: 'Search, fine-tuning, export and verification in one go. It can be paused, interrupted and resumed, and goes on when you close the window.',
  },
  {
    room: 'finetune',
    title: 'Fine-tuning',
    text: 'The pruned network learns again what it lost. Stop whenever the curve is flat: the best epoch is kept.',
  },
  {
    room: 'compare',
    title: 'The result',
    text: 'Original beside candidate: accuracy per class, latency as measured, and why each layer is or is not faster.',
  },
]

export const stepsFor = (rooms: readonly string[]): TourStep[] => steps.filter(({ room }) => rooms.includes(room))
