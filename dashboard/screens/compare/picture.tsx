/** The chart with the parts of ECharts that only comparisons use; loaded once words and rows are there. */
import { GraphicComponent, PolarComponent } from 'echarts/components';
import { use } from 'echarts/core';
import { Chart } from '../../parts/chart.tsx';

use([GraphicComponent, PolarComponent]);

export default Chart;
